"""The clouds. One line here, one file beside it: nothing else names a cloud."""

from generator.clouds.aws import Aws
from generator.clouds.base import Cloud

REGISTRY: dict[str, Cloud] = {
    "aws": Aws(),
}
"""Every cloud by the name that a topology uses."""

__all__ = ["REGISTRY", "Cloud"]
