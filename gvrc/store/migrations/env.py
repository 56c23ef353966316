"""Alembic's environment: the caller brings the connection and its transaction (gvrc.store.migrate)."""

from alembic import context

from gvrc.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    include_schemas=True,
    version_table_schema="public",
    transactional_ddl=True,
)
with context.begin_transaction():
    context.run_migrations()
