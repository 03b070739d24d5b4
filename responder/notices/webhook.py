"""webhook - a notice as JSON, posted to a web server and signed.

X-Responder-Signature is ``sha256=`` and the HMAC-SHA256, with the secret, of the
time in X-Responder-Timestamp, a dot, and the body: who checks both knows that it is
ours and new.  X-Responder-Id is the same when a notice is tried again.

Nobody is followed elsewhere: a redirection is an error.
"""

import hashlib
import hmac
import http.client
import ssl
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from responder.notices.notice import Notice, SendError
from responder.settings.notify import NotifySettings

_PATIENCE = 10.0  # seconds that the other side may be silent
_AGAIN = (408, 425, 429)


class _Stay(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any) -> None:
        """Follow nobody."""


def send(settings: NotifySettings, notice: Notice) -> None:
    """Bring *notice*; raises SendError."""
    body = notice.json
    headers = {"Content-Type": "application/json", "User-Agent": "responder"}
    headers["X-Responder-Id"] = hashlib.sha256(body).hexdigest()[:32]
    try:
        if settings.secret_file:
            secret = Path(settings.secret_file).read_bytes().strip()
            headers |= signed(secret, body, int(time.time()))
        context = ssl.create_default_context(cafile=settings.ca_file or None)
        opener = urllib.request.build_opener(_Stay, urllib.request.HTTPSHandler(context=context))
        request = urllib.request.Request(settings.url, body, headers)  # noqa: S310 - the settings allow http(s) alone
        with opener.open(request, timeout=_PATIENCE) as answer:
            answer.read(1000)
    except urllib.error.HTTPError as error:
        with error:
            again = error.code >= 500 or error.code in _AGAIN
            raise SendError(f"{_shown(settings.url)} answers {error.code}", again=again) from None
    except (
        OSError,
        ValueError,
        http.client.HTTPException,
    ) as error:  # ValueError: no resolver can be asked
        raise SendError(f"{_shown(settings.url)}: {error}") from None


def signed(secret: bytes, body: bytes, at: int) -> dict[str, str]:
    """Return the headers that prove *body* to be ours, of the time *at*."""
    digest = hmac.new(secret, b"%d." % at + body, hashlib.sha256).hexdigest()
    return {"X-Responder-Timestamp": str(at), "X-Responder-Signature": f"sha256={digest}"}


def _shown(url: str) -> str:
    """Return whom *url* asks; its path may be a secret."""
    return "/".join(url.split("/")[:3])
