"""blacklist - the table ``[blacklist]``: where the blacklist is, and what makes a listing."""

import socket
from typing import Annotated, Literal

from pydantic import Field, model_validator

from responder.policyfile import Duration
from responder.settings.base import DatabaseOrNone, Table
from responder.settings.mails import MailSettings
from responder.times import DAY

Score = Annotated[float, Field(gt=0, le=1e6, strict=False)]
Times = Annotated[float, Field(ge=1, le=1000, strict=False)]
Crowd = Annotated[int, Field(ge=0, le=1_000_000)]


class ScoringSettings(Table):
    """What makes a listing, and how long it lasts; the same on all hosts that share a blacklist."""

    reporters: Annotated[int, Field(ge=1, le=100)] = 3
    half_life: Duration = 7 * DAY
    memory: Duration = 90 * DAY
    broad: Score = 1.0
    moderate: Score = 2.5
    strict: Score = 5.0
    repeat: Times = 1.5
    most_repeat: Times = 4.0
    crowd_v4: Crowd = 16
    crowd_v6: Crowd = 4
    crowd_v6_wide: Crowd = 4
    widest_v4: Annotated[int, Field(ge=8, le=32)] = 16
    widest_v6: Annotated[int, Field(ge=16, le=128)] = 32

    @model_validator(mode="after")
    def _nested(self) -> "ScoringSettings":
        if not self.broad <= self.moderate <= self.strict:
            raise ValueError("the levels are nested; write broad, moderate and strict in growing order")
        return self


class BlacklistSettings(MailSettings):
    """The blacklist of this host, or of several that share a database; without a URL there is none."""

    url: DatabaseOrNone = ""
    report: bool = True
    reporter: Annotated[str, Field(pattern=r"^\S(?:[\x20-\x7e]{0,98}\S)?$")] = Field(default_factory=socket.gethostname)
    take: Literal["", "strict", "moderate", "broad"] = ""
    scoring: ScoringSettings = ScoringSettings()
    audit: Duration = 1096 * DAY
