"""smtp_client - the program that `smtp.rapid` runs on a host: a plan in, answers out, as JSON.

Standard library only, and no import of ours: it starts in an instant.
"""

import json
import smtplib
import socket
import sys
from concurrent.futures import ThreadPoolExecutor
from typing import Any

Answer = tuple[str, int, str]


def attempt(plan: dict[str, Any], source: str, recipient: str) -> Answer:
    """Hold one session up to RCPT and tell what came of it."""
    client = smtplib.SMTP(timeout=plan["timeout"], local_hostname="client.test", source_address=(source, 0))
    try:
        code, text = client.connect(plan["server"], plan["port"])
        for command in ("ehlo client.test", "mail FROM:<someone@client.test>", f"rcpt TO:<{recipient}>"):
            if code >= 400:
                break
            code, text = client.docmd(command)
        client.putcmd("quit")
    except TimeoutError:
        return "dropped", 0, "timed out"
    except ConnectionRefusedError:
        return "closed", 0, "connection refused"
    except (smtplib.SMTPException, OSError) as error:
        # smtplib turns a read that timed out into its own error, and keeps the reason in the text.
        late = "timed out" in str(error) or isinstance(error.__context__, TimeoutError)
        return "dropped" if late else "closed", 0, str(error)
    finally:
        client.close()
    return "accepted" if code < 400 else "refused", code, text.decode(errors="replace")


def main() -> None:
    """Read the plan from standard input, print the answers."""
    plan = json.load(sys.stdin)
    socket.setdefaulttimeout(plan["timeout"])
    with ThreadPoolExecutor(plan["at_once"]) as pool:
        answers = list(pool.map(lambda each: attempt(plan, *each), plan["tries"]))
    json.dump(answers, sys.stdout)


if __name__ == "__main__":
    main()
