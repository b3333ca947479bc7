"""Traces: from what emits, over the event, to each attempt and on to the receiver.

Nothing of it is loaded, asked or stored unless `OTEL_EXPORTER_OTLP_ENDPOINT` says where
traces go.
"""
