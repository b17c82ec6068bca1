"""The routes of the pages: HTML shells, their static files, and the local sign-in.

The shells hold no data. What they show they fetch over the same API as any other client, with a
token of one application, so that a page can never show what its application may not see.
"""

import re
from pathlib import Path

from fastapi import APIRouter
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.staticfiles import StaticFiles
from starlette.templating import Jinja2Templates

from earful import __version__
from earful.accounts.service import Accounts
from earful.accounts.types import UnknownApplication
from earful.pages.access import is_local_page
from earful.settings import Settings

__all__ = ["router"]

_HERE = Path(__file__).parent
_PLAIN_HOST = re.compile(r"[A-Za-z0-9.\-]+(:\d+)?|\[[0-9A-Fa-f:.]+\](:\d+)?")


def router(accounts: Accounts, settings: Settings) -> APIRouter:
    """Return the routes of the pages, to be included at the root of the server."""
    pages = APIRouter(include_in_schema=False)
    templates = Jinja2Templates(_HERE / "templates")
    static = StaticFiles(directory=_HERE / "static")

    def page(request: Request, template: str, active: str = "") -> Response:
        shown = {"version": __version__, "active": active}
        response = templates.TemplateResponse(request, template, shown)
        response.headers.update(_security_headers(request.headers.get("host", "")))
        return response

    @pages.get("/")
    async def live(request: Request) -> Response:
        return page(request, "live.html", "live")

    @pages.get("/conversations")
    async def listing(request: Request) -> Response:
        return page(request, "list.html", "list")

    @pages.get("/meeting/")
    @pages.get("/meeting")
    async def meeting(request: Request) -> Response:
        # Symbl's addresses name the conversation after the `#`, which only the browser sees.
        return page(request, "meeting.html")

    @pages.get("/conversations/{conversation_id}")
    async def conversation(request: Request, conversation_id: str) -> Response:
        return page(request, "conversation.html")

    @pages.get("/pages/static/{path:path}")
    async def asset(request: Request, path: str) -> Response:
        response = await static.get_response(path, request.scope)
        # Checked by its ETag each time, so that an upgraded server never meets an old script.
        response.headers["Cache-Control"] = "no-cache"
        response.headers["X-Content-Type-Options"] = "nosniff"
        return response

    @pages.post("/pages/session")
    async def session(request: Request) -> Response:
        if not (settings.local_sign_in and is_local_page(request)):
            return _refusal("Sign in with an application's id and secret.")
        try:
            token = await accounts.issue_default_token()
        except UnknownApplication:
            return _refusal("There is no default application any more: sign in with another's.")
        return JSONResponse(
            {"accessToken": token.token, "expiresIn": token.expires_in},
            headers={"Cache-Control": "no-store"},
        )

    return pages


def _refusal(message: str) -> JSONResponse:
    return JSONResponse({"message": message}, 403, headers={"Cache-Control": "no-store"})


def _security_headers(host: str) -> dict[str, str]:
    """Return headers that let a page load and reach this server only.

    Some browsers do not take `'self'` to cover WebSockets, so the server is named as well.
    """
    sockets = f" ws://{host} wss://{host}" if _PLAIN_HOST.fullmatch(host) else ""
    policy = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "media-src": "'self'",
        "connect-src": f"'self'{sockets}",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return {
        "Content-Security-Policy": "; ".join(f"{name} {value}" for name, value in policy.items()),
        "Permissions-Policy": "microphone=(self), camera=(), geolocation=()",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-cache",
    }
