"""Reads all products of a paged API: with dlt's rest_api source, or with Airbyte's CDK and a manifest.

Nothing is written anywhere. Prints how many records came and in how many seconds, imports aside."""

import os
import sys
import time

url, engine = sys.argv[1], sys.argv[2]


def with_dlt():
    os.environ["RUNTIME__DLTHUB_TELEMETRY"] = "false"
    from dlt.sources.rest_api import rest_api_source

    source = rest_api_source(
        {
            "client": {"base_url": url},
            "resources": [
                {
                    "name": "products",
                    "endpoint": {
                        "path": "products",
                        "params": {"per_page": 250},
                        "data_selector": "data",
                        "paginator": {
                            "type": "page_number",
                            "base_page": 1,
                            "page_param": "page",
                            "total_path": None,
                            "stop_after_empty_page": True,
                        },
                    },
                }
            ],
        }
    )
    began = time.perf_counter()
    count = sum(1 for _ in source.resources["products"])
    return count, time.perf_counter() - began


def with_airbyte():
    import logging

    from airbyte_cdk.models import (
        AirbyteStream,
        ConfiguredAirbyteCatalog,
        ConfiguredAirbyteStream,
        DestinationSyncMode,
        SyncMode,
        Type,
    )
    from airbyte_cdk.sources.declarative.concurrent_declarative_source import (
        ConcurrentDeclarativeSource,
    )

    schema = {"$schema": "http://json-schema.org/schema#", "type": "object", "properties": {}}
    manifest = {
        "version": "6.0.0",
        "type": "DeclarativeSource",
        "check": {"type": "CheckStream", "stream_names": ["products"]},
        "streams": [
            {
                "type": "DeclarativeStream",
                "name": "products",
                "primary_key": [],
                "schema_loader": {"type": "InlineSchemaLoader", "schema": schema},
                "retriever": {
                    "type": "SimpleRetriever",
                    "requester": {
                        "type": "HttpRequester",
                        "url_base": url,
                        "path": "/products",
                        "http_method": "GET",
                        "request_parameters": {"per_page": "250"},
                    },
                    "record_selector": {
                        "type": "RecordSelector",
                        "extractor": {"type": "DpathExtractor", "field_path": ["data"]},
                    },
                    "paginator": {
                        "type": "DefaultPaginator",
                        "page_token_option": {
                            "type": "RequestOption",
                            "inject_into": "request_parameter",
                            "field_name": "page",
                        },
                        "pagination_strategy": {
                            "type": "PageIncrement",
                            "start_from_page": 1,
                            "page_size": 250,
                        },
                    },
                },
            }
        ],
        "spec": {
            "type": "Spec",
            "connection_specification": {"type": "object", "properties": {}},
        },
    }
    logger = logging.getLogger("airbyte")
    logger.setLevel(logging.ERROR)
    catalog = ConfiguredAirbyteCatalog(
        streams=[
            ConfiguredAirbyteStream(
                stream=AirbyteStream(
                    name="products",
                    json_schema=schema,
                    supported_sync_modes=[SyncMode.full_refresh],
                ),
                sync_mode=SyncMode.full_refresh,
                destination_sync_mode=DestinationSyncMode.append,
            )
        ]
    )
    source = ConcurrentDeclarativeSource(
        catalog=catalog, config={}, state=[], source_config=manifest
    )
    began = time.perf_counter()
    count = 0
    for message in source.read(logger, {}, catalog, []):
        if message.type == Type.RECORD:
            count += 1
    return count, time.perf_counter() - began


count, seconds = with_dlt() if engine == "dlt" else with_airbyte()
print(count, seconds)
