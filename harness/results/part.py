"""What the parts of every document are made of."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Part(BaseModel):
    """Base of the document's parts; replaced with `model_copy`, never changed in place."""

    model_config = ConfigDict(extra="forbid", frozen=True)
