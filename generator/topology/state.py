"""The part of the topology about Terraform's state: where it is kept. Types only."""

from typing import Annotated, ClassVar

from msgspec import Meta

from generator import kinds
from generator.kinds import state
from generator.topology.table import Table

_METHODS = kinds.one_of("POST", "PUT", "LOCK", "UNLOCK", "DELETE")


class State(Table, frozen=True, kw_only=True):
    """Where Terraform's state is kept; credentials for it come from the environment."""

    SHORT: ClassVar[str] = "backend"

    backend: Annotated[
        str,
        kinds.one_of("local", "s3", "gitlab", "http"),
        Meta(
            description="Terraform's backend: local is a file beside the Terraform, s3 a bucket (of AWS or of another "
            "store that speaks S3), gitlab a project's Terraform states, http a server of your own"
        ),
    ] = "local"
    bucket: Annotated[
        str, state.BUCKET, Meta(description="Bucket (s3); it must exist, and should keep versions of its objects")
    ] = ""
    key: Annotated[
        str,
        state.OBJECT,
        Meta(description="Object in the bucket (s3); carbonio/NAME/terraform.tfstate unless said otherwise"),
    ] = ""
    region: Annotated[
        str, state.S3_REGION, Meta(description="Region of the bucket (s3); on AWS the machines' unless said otherwise")
    ] = ""
    endpoint: Annotated[
        str,
        state.URL,
        Meta(
            description="Where the store answers, if it is not AWS (s3)",
            examples=["https://fsn1.your-objectstorage.com"],
        ),
    ] = ""
    project: Annotated[
        str, state.PROJECT, Meta(description="Project that holds the state (gitlab): its number or its path")
    ] = ""
    server: Annotated[
        str, state.URL, Meta(description="Where GitLab answers (gitlab); https://gitlab.com unless said otherwise")
    ] = ""
    name: Annotated[
        str, kinds.NAME, Meta(description="Name of the state in the project (gitlab); NAME unless said otherwise")
    ] = ""
    address: Annotated[str, state.URL, Meta(description="Where the state is read and written (http)")] = ""
    lock_address: Annotated[str, state.URL, Meta(description="Where it is locked (http)")] = ""
    unlock_address: Annotated[
        str, state.URL, Meta(description="Where it is unlocked (http); lock_address unless said otherwise")
    ] = ""
    update_method: Annotated[str, _METHODS, Meta(description="HTTP method that writes (http); POST by default")] = ""
    lock_method: Annotated[str, _METHODS, Meta(description="HTTP method that locks (http); LOCK by default")] = ""
    unlock_method: Annotated[str, _METHODS, Meta(description="HTTP method that unlocks (http); UNLOCK by default")] = ""
