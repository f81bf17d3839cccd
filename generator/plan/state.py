"""Where Terraform's state is kept. Types only."""

import msgspec


class State(msgspec.Struct, frozen=True):
    """A backend of Terraform's.

    Attributes:
        backend: Its type, as Terraform names it.
        place: Where the state is, for people.
        settings: What stands in the backend's block, in its order.
        least: Oldest Terraform that knows all of them, such as 1.10.0; empty for any.
    """

    backend: str
    place: str
    settings: dict[str, str | bool | int | dict[str, str]]
    least: str


def place_of(state: State | None) -> str:
    """Return where a state is, for people; None is Terraform's own place."""
    return state.place if state is not None else "a file in the folder"
