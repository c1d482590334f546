"""Lineage as OpenLineage events: JSON after the specification, without any client of it.

Source: OpenLineage specification, https://openlineage.io/spec/2-0-2/OpenLineage.json (RunEvent) and its facets.
"""

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from closeknit.rooms.sensing.contracts import BatchLineage, LineageBack, LineageNode

SPEC = "https://openlineage.io/spec"
RUN_EVENT = f"{SPEC}/2-0-2/OpenLineage.json#/$defs/RunEvent"
FACETS = f"{SPEC}/facets"
PRODUCER = "urn:closeknit:closeknit"
NAMESPACE = "closeknit"
FILES = "file"


def events_of(found: LineageBack, recipes: Mapping[str, str]) -> list[dict[str, Any]]:
    """Return one COMPLETE event for each load and each thing of a chain, oldest first; `recipes`: texts by version."""
    operations = [found.operation] if found.operation else sorted({batch.operation for batch in found.batches})
    work = [f"sensing.work.{operation}" for operation in operations]
    events = [_load(batch, recipes.get(batch.recipe_version, "")) for batch in found.batches]
    names = {node.name: _dataset_of(node) for node in found.nodes}
    for node in reversed(found.nodes):
        inputs = [names[parent] for parent in node.parents if parent in names] or work
        events.append(_made(node, inputs))
    return events


def _load(batch: BatchLineage, recipe: str) -> dict[str, Any]:
    job: dict[str, Any] = {
        "sourceCode": _facet("SourceCodeJobFacet", "1-0-1", language="yaml", sourceCode=recipe),
        "jobType": _type("LOAD"),
    }
    statistics = _facet("OutputStatisticsOutputDatasetFacet", "1-0-2", rowCount=batch.rows)
    output = {**_dataset(f"sensing.work.{batch.operation}"), "outputFacets": {"outputStatistics": statistics}}
    version = _facet("DatasetVersionDatasetFacet", "1-0-1", datasetVersion=f"sha256:{batch.source_sha256}")
    source = {"namespace": FILES, "name": batch.source_name, "facets": {"version": version}}
    return _event(
        f"sensing.load.{batch.feed}",
        batch.thread_id,
        batch.finished_at or batch.started_at,
        [source],
        [output],
        {"processing_engine": _engine(f"recipe {batch.recipe_version}")},
        job if recipe else {"jobType": job["jobType"]},
    )


def _made(node: LineageNode, inputs: Iterable[str]) -> dict[str, Any]:
    return _event(
        _dataset_of(node).rpartition(".")[0],
        UUID(node.node_id),
        node.at,
        [_dataset(name) for name in inputs],
        [_dataset(_dataset_of(node))],
        {"processing_engine": _engine(node.version)},
        {
            "jobType": _facet(
                "JobTypeJobFacet", "2-0-3", processingType="BATCH", integration="CLOSEKNIT", jobType="MODEL"
            )
        },
    )


def _dataset_of(node: LineageNode) -> str:
    return f"{node.kind}.{node.node_id}"


def _event(
    job: str,
    run_id: UUID,
    at: datetime,
    inputs: list[dict[str, Any]],
    outputs: list[dict[str, Any]],
    run_facets: dict[str, Any],
    job_facets: dict[str, Any],
) -> dict[str, Any]:
    return {
        "eventType": "COMPLETE",
        "eventTime": at.astimezone(UTC).isoformat().replace("+00:00", "Z"),
        "producer": PRODUCER,
        "schemaURL": RUN_EVENT,
        "run": {"runId": str(run_id), "facets": run_facets},
        "job": {"namespace": NAMESPACE, "name": job, "facets": job_facets},
        "inputs": inputs,
        "outputs": outputs,
    }


def _dataset(name: str) -> dict[str, Any]:
    return {"namespace": NAMESPACE, "name": name}


def _engine(version: str) -> dict[str, Any]:
    return _facet("ProcessingEngineRunFacet", "1-1-1", version=version, name="Closeknit")


def _type(name: str) -> dict[str, Any]:
    return _facet("JobTypeJobFacet", "2-0-3", processingType="BATCH", integration="CLOSEKNIT", jobType=name)


def _facet(facet: str, edition: str, /, **fields: Any) -> dict[str, Any]:
    return {"_producer": PRODUCER, "_schemaURL": f"{FACETS}/{edition}/{facet}.json#/$defs/{facet}", **fields}
