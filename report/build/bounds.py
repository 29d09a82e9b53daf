"""Numbers with bounds, told to Pydantic without annotated_types, which is slow to import."""

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any


@dataclass(frozen=True)
class Above:
    """A finite number above `low`."""

    low: float

    def __get_pydantic_core_schema__(self, source: type, handler: Callable[[type], Any]) -> dict[str, Any]:
        finite = {"lt": math.inf} if source is float else {}
        return {**handler(source), "gt": self.low, **finite}


Finite = Annotated[float, Above(-math.inf)]
Positive = Annotated[float, Above(0)]
