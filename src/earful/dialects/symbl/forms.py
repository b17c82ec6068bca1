"""A recording sent as part of a form (`curl -F file=@call.mp3 -F name=Standup`), passed on as it comes.

Symbl takes recordings as the body of a request; many clients of other services know forms only.
"""

from collections.abc import AsyncIterator

from python_multipart.exceptions import MultipartParseError
from python_multipart.multipart import MultipartParser, parse_options_header

from earful.dialects.symbl.errors import BadRequest

__all__ = ["RecordingForm"]

_MAX_FIELD_BYTES = 1024 * 1024
_MAX_FIELDS = 1000


class RecordingForm:
    """A form of one file and any number of texts; `fields` has these once the file has been read."""

    def __init__(self, content_type: str) -> None:
        """Raises `BadRequest` when the content type does not say how the form is divided."""
        boundary = parse_options_header(content_type)[1].get(b"boundary")
        if not boundary:
            raise BadRequest("the form's Content-Type has no boundary")
        self.fields: list[tuple[str, str]] = []
        self._parser = MultipartParser(
            boundary,
            {
                "on_part_begin": self._begin,
                "on_part_data": self._data,
                "on_part_end": self._end,
                "on_header_field": self._header_name,
                "on_header_value": self._header_value,
                "on_header_end": self._header_end,
                "on_headers_finished": self._headers_finished,
                "on_end": self._finish,
            },
        )
        self._name = self._value = b""
        self._disposition = b""
        self._field: str | None = None
        self._text = bytearray()
        self._text_bytes = 0
        self._recording: list[bytes] = []
        self._files = 0
        self._whole = False

    async def recording(self, chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
        """Yield the bytes of the file in a form that comes in chunks. Raises `BadRequest` if that fails."""
        async for chunk in chunks:
            try:
                self._parser.write(chunk)
            except MultipartParseError as error:
                raise BadRequest(f"the form cannot be read: {error}") from None
            if self._recording:
                yield b"".join(self._recording)
                self._recording.clear()
        if not self._whole:
            raise BadRequest("the form ended before it was complete")
        if not self._files:
            raise BadRequest("the form has no file; send the recording as one, or as the request body")

    def _begin(self) -> None:
        self._disposition = b""
        self._text.clear()

    def _header_name(self, data: bytes, start: int, end: int) -> None:
        self._name += data[start:end]

    def _header_value(self, data: bytes, start: int, end: int) -> None:
        self._value += data[start:end]

    def _header_end(self) -> None:
        if self._name.lower() == b"content-disposition":
            self._disposition = self._value
        self._name = self._value = b""

    def _headers_finished(self) -> None:
        options = parse_options_header(self._disposition)[1]
        self._field = None if b"filename" in options else options.get(b"name", b"").decode("utf-8", "replace")
        if self._field is None:
            self._files += 1
            if self._files > 1:
                raise BadRequest("the form has more than one file; send each recording by itself")

    def _data(self, data: bytes, start: int, end: int) -> None:
        if self._field is None:
            self._recording.append(data[start:end])
            return
        self._text_bytes += end - start
        if self._text_bytes > _MAX_FIELD_BYTES:
            raise BadRequest(f"the form's fields have more than {_MAX_FIELD_BYTES} bytes")
        self._text += data[start:end]

    def _end(self) -> None:
        if self._field:
            self.fields.append((self._field, self._text.decode("utf-8", "replace")))
        if len(self.fields) > _MAX_FIELDS:
            raise BadRequest(f"the form has more than {_MAX_FIELDS} fields")

    def _finish(self) -> None:
        self._whole = True
