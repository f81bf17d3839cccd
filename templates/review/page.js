"use strict";
(() => {
  const one = (name) => document.getElementById(name);
  const all = (selector) => [...document.querySelectorAll(selector)];
  const form = one("filter");
  const view = one("view");
  const [zone, role, port] = ["zone", "role", "port"].map(one);
  // There is none where nothing can be compared.
  const changes = one("changes") ?? { checked: false };
  const nodes = all("#nodes tbody tr");
  const ways = all("#ways tbody tr");
  const lines = all("svg .line");
  // What is forwarded is listed in the box at the end of its arrow.
  const flows = all("svg .flow").filter((flow) => flow.querySelector(".line"));
  const insides = all("svg .inside");
  const cards = all("svg .node[data-node]");

  const wanted = () => {
    const text = port.value.trim().toLowerCase();
    if (!text) return null;
    const found = /^(\d{1,5})(?:\/(tcp|udp|icmp))?$/.exec(text);
    return found && Number(found[1]) < 65536 ? { number: Number(found[1]), protocol: found[2] } : undefined;
  };
  const reaches = (ports, { number, protocol }) =>
    ports.split(" ").some((entry) => {
      const [range, by] = entry.split("/");
      if (protocol && by !== protocol && by !== "any") return false;
      if (!protocol && by === "icmp") return false;
      if (range === "all") return true;
      const [low, high = low] = range.split("-").map(Number);
      return low <= number && number <= high;
    });
  const fits = ({ dataset }, asked) =>
    (!zone.value || dataset.zone === zone.value) &&
    (!role.value || dataset.roles.split(" ").includes(role.value)) &&
    (!asked || reaches(dataset.ports, asked)) &&
    (!changes.checked || dataset.changes === "yes");

  const apply = () => {
    const asked = wanted();
    port.setAttribute("aria-invalid", String(asked === undefined));
    const open = new Set();
    ways.forEach((row, number) => {
      const fit = asked !== undefined && fits(row, asked);
      row.classList.toggle("out", !fit);
      if (fit) open.add(String(number));
    });
    const shown = new Set();
    for (const row of nodes) {
      const { dataset } = row;
      const changed = changes.checked && dataset.changes === "yes" && !zone.value && !asked;
      const reached = dataset.ways.split(" ").some((number) => open.has(number));
      const free = !zone.value && !asked && !changes.checked && asked !== undefined;
      const fit = (!role.value || dataset.roles.split(" ").includes(role.value)) && (free || changed || reached);
      row.classList.toggle("out", !fit);
      if (fit) shown.add(dataset.node);
    }
    for (const line of lines) line.classList.toggle("dim", asked === undefined || !fits(line, asked));
    for (const flow of flows) flow.classList.toggle("dim", !flow.querySelector(".line:not(.dim)"));
    for (const inside of insides) inside.classList.toggle("dim", !["", "cluster"].includes(zone.value));
    for (const card of cards) card.classList.toggle("dim", !shown.has(card.dataset.node));
    one("left").textContent =
      (asked === undefined ? `${port.value.trim()} is no port. ` : "") +
      `${open.size} of ${ways.length} ways and ${shown.size} of ${nodes.length} machines are shown.`;
  };
  const look = () => {
    const value = view.querySelector(":checked").value;
    for (const name of ["after", "before"]) {
      one(`picture-${name}`).classList.toggle("out", value !== "both" && value !== name);
    }
  };

  form.addEventListener("input", apply);
  form.addEventListener("submit", (event) => event.preventDefault());
  form.addEventListener("reset", () => setTimeout(apply));
  form.hidden = false;
  apply();
  if (view) {
    view.addEventListener("change", look);
    view.hidden = false;
    look();
  }
  // A link to a folded section opens it, and paper cannot be unfolded.
  const unfold = () => {
    const target = location.hash.length > 1 && one(location.hash.slice(1));
    const folded = target && target.querySelector(":scope > details");
    if (folded) folded.open = true;
  };
  addEventListener("hashchange", unfold);
  unfold();
  let closed = [];
  addEventListener("beforeprint", () => {
    closed = all("details:not([open])");
    for (const details of closed) details.open = true;
  });
  addEventListener("afterprint", () => {
    for (const details of closed) details.open = false;
  });
})();
