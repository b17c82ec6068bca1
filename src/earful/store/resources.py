"""What an application keeps on the server beside its conversations: trackers, entities, groups, settings."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Literal

from sqlalchemy import RowMapping, delete, insert, select, update
from sqlalchemy.exc import IntegrityError

from earful.store import tables
from earful.store.database import Database

__all__ = ["NameTaken", "Resource", "ResourceKind", "ResourceStore", "UnknownResource"]

ResourceKind = Literal["tracker", "entity", "group", "settings"]


class NameTaken(ValueError):
    """The application already has a resource of that kind under that name."""


class UnknownResource(LookupError):
    """The application has no such resource."""


@dataclass(frozen=True, slots=True)
class Resource:
    """One thing kept under a name that is its own within its kind; `body` is JSON-serialisable."""

    id: str
    kind: ResourceKind
    name: str
    body: Mapping[str, Any]
    created_at: datetime = field(default_factory=lambda: datetime.now(UTC))
    updated_at: datetime = field(default_factory=lambda: datetime.now(UTC))


class ResourceStore:
    """Resources over one `Database`; every method names the application whose they are."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def add(self, application_id: str, resources: Sequence[Resource]) -> None:
        """Keep new resources, all or none. Raises `NameTaken` with the first name that is."""
        if not resources:
            return
        table = tables.resources
        async with self._database.write() as connection:
            for resource in resources:
                taken = select(table.c.id).where(
                    table.c.application_id == application_id,
                    table.c.kind == resource.kind,
                    table.c.name == resource.name,
                )
                if (await connection.scalar(taken)) is not None:
                    raise NameTaken(resource.name)
                await connection.execute(insert(table), _row(application_id, resource))

    async def list(self, application_id: str, kind: ResourceKind) -> Sequence[Resource]:
        """Return the resources of a kind, the oldest first."""
        table = tables.resources
        async with self._database.read() as connection:
            rows = await connection.execute(
                select(table)
                .where(table.c.application_id == application_id, table.c.kind == kind)
                .order_by(table.c.seq)
            )
            return tuple(_resource(row) for row in rows.mappings())

    async def get(self, application_id: str, kind: ResourceKind, resource_id: str) -> Resource:
        """Return one resource. Raises `UnknownResource`."""
        table = tables.resources
        async with self._database.read() as connection:
            found = await connection.execute(
                select(table).where(
                    table.c.application_id == application_id,
                    table.c.kind == kind,
                    table.c.id == resource_id,
                )
            )
            row = found.mappings().one_or_none()
        if row is None:
            raise UnknownResource(resource_id)
        return _resource(row)

    async def put(self, application_id: str, resource: Resource) -> None:
        """Replace the name and body of a resource. Raises `UnknownResource` and `NameTaken`."""
        table = tables.resources
        try:
            async with self._database.write() as connection:
                result = await connection.execute(
                    update(table)
                    .where(
                        table.c.application_id == application_id,
                        table.c.kind == resource.kind,
                        table.c.id == resource.id,
                    )
                    .values(name=resource.name, body=dict(resource.body), updated_at=datetime.now(UTC))
                )
        except IntegrityError:
            raise NameTaken(resource.name) from None
        if result.rowcount == 0:
            raise UnknownResource(resource.id)

    async def remove(self, application_id: str, kind: ResourceKind, resource_id: str) -> None:
        """Delete a resource; what it found in the past stays. Raises `UnknownResource`."""
        table = tables.resources
        async with self._database.write() as connection:
            result = await connection.execute(
                delete(table).where(
                    table.c.application_id == application_id,
                    table.c.kind == kind,
                    table.c.id == resource_id,
                )
            )
        if result.rowcount == 0:
            raise UnknownResource(resource_id)


def _row(application_id: str, resource: Resource) -> dict[str, Any]:
    return {
        "id": resource.id,
        "application_id": application_id,
        "kind": resource.kind,
        "name": resource.name,
        "body": dict(resource.body),
        "created_at": resource.created_at,
        "updated_at": resource.updated_at,
    }


def _resource(row: RowMapping) -> Resource:
    return Resource(
        id=row["id"],
        kind=row["kind"],
        name=row["name"],
        body=row["body"],
        created_at=row["created_at"],
        updated_at=row["updated_at"],
    )
