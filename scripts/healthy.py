"""Exits 0 if the web server of this container says that it is ready (docker-compose.yml).

It asks as the proxy does: under the public name, and as if over HTTPS.
"""

import os
import sys
from urllib.error import URLError
from urllib.request import Request, urlopen

READY = "http://127.0.0.1:8000/health/ready"


def main() -> int:
    host = os.environ.get("ALLOWED_HOSTS", "localhost").split(",")[0]
    request = Request(READY, headers={"Host": host, "X-Forwarded-Proto": "https"})
    try:
        with urlopen(request, timeout=5) as answer:  # noqa: S310 - the address above
            return 0 if answer.status == 200 else 1
    except URLError as error:
        print(error, file=sys.stderr)
        return 1


if __name__ == "__main__":
    sys.exit(main())
