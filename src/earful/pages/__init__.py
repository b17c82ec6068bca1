"""What people look at: live captions, one conversation, sign-in."""

from earful.pages.routes import router

__all__ = ["router"]
