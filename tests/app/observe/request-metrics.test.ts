import { expect, test } from "bun:test";
import { createRequestMetrics } from "../../../src/app/observe/request-metrics.ts";
import type { EndedRequest } from "../../../src/http/request-watch.ts";
import { Metrics } from "../../../src/metrics/metrics.ts";
import { samplesOf } from "../../samples.ts";

const ended: EndedRequest = {
  method: "GET",
  status: 200,
  durationMs: 20,
  requestBytes: 70,
  responseBytes: 2,
  refusal: undefined,
};

test("requests are counted by distribution's names and labels, in its order", async () => {
  const metrics = new Metrics();
  const watch = createRequestMetrics(metrics);
  watch("getManifest")(ended);
  watch("patchUpload")({ ...ended, method: "PATCH", status: 202, responseBytes: undefined });
  expect(await samplesOf(metrics, /^registry_http_(?!in_flight)/)).toEqual([
    'registry_http_requests_total{code="200",handler="manifest",method="get"} 1',
    'registry_http_requests_total{code="202",handler="blob_upload_chunk",method="patch"} 1',
    'registry_http_request_duration_seconds_sum{handler="manifest",method="get"} 0.02',
    'registry_http_request_duration_seconds_count{handler="manifest",method="get"} 1',
    'registry_http_request_duration_seconds_sum{handler="blob_upload_chunk",method="patch"} 0.02',
    'registry_http_request_duration_seconds_count{handler="blob_upload_chunk",method="patch"} 1',
    'registry_http_request_size_bytes_sum{handler="manifest"} 70',
    'registry_http_request_size_bytes_count{handler="manifest"} 1',
    'registry_http_request_size_bytes_sum{handler="blob_upload_chunk"} 70',
    'registry_http_request_size_bytes_count{handler="blob_upload_chunk"} 1',
    'registry_http_response_size_bytes_sum{handler="manifest"} 2',
    'registry_http_response_size_bytes_count{handler="manifest"} 1',
  ]);
});

test("each route has its time by status, and refusals their reasons", async () => {
  const metrics = new Metrics();
  const watch = createRequestMetrics(metrics);
  watch("putManifest")({ ...ended, status: 400, refusal: "MANIFEST_INVALID" });
  watch(undefined)({ ...ended, status: 404, refusal: "NOT_FOUND" });
  expect(await samplesOf(metrics, /^registry_(route.*_count|refusals)/)).toEqual([
    'registry_route_duration_seconds_count{route="put_manifest",status="400"} 1',
    'registry_route_duration_seconds_count{route="none",status="404"} 1',
    'registry_refusals_total{reason="MANIFEST_INVALID"} 1',
    'registry_refusals_total{reason="NOT_FOUND"} 1',
  ]);
});

test("what is being answered is counted while it is, and no method makes a label of its own", async () => {
  const metrics = new Metrics();
  const end = createRequestMetrics(metrics)("getBlob");
  const during = await samplesOf(metrics, /in_flight.*"blob"/);
  end({ ...ended, method: "BREW" });
  const after = await samplesOf(metrics, /in_flight.*"blob"|requests_total/);
  expect([during, after]).toEqual([
    ['registry_http_in_flight_requests{handler="blob"} 1'],
    [
      'registry_http_requests_total{code="200",handler="blob",method="unknown"} 1',
      'registry_http_in_flight_requests{handler="blob"} 0',
    ],
  ]);
});
