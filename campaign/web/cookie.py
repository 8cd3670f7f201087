"""The one cookie: a random secret, for this host alone, out of reach of scripts."""

from dataclasses import dataclass

from fastapi import Request, Response


@dataclass(frozen=True, slots=True)
class Cookie:
    """``secure``: people open an https address. Plain http serves this machine alone, where the prefix
    ``__Host-`` cannot be had: a browser takes it with https only.
    """

    secure: bool

    @property
    def name(self) -> str:
        """The cookie's name."""
        return "__Host-campaign" if self.secure else "campaign"

    def of(self, request: Request) -> str:
        """Return the secret that the browser sent."""
        return request.cookies.get(self.name, "")

    def put(self, answer: Response, secret: str) -> None:
        """Have the browser keep the secret until it closes; the database knows when it ends."""
        answer.set_cookie(self.name, secret, path="/", secure=self.secure, httponly=True, samesite="lax")

    def take(self, answer: Response) -> None:
        """Have the browser forget it, and every page that it still holds."""
        answer.headers["Clear-Site-Data"] = '"cache", "storage"'
        answer.delete_cookie(self.name, path="/", secure=self.secure, httponly=True, samesite="lax")
