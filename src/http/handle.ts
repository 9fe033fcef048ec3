// Which handler answers which route: checked for completeness by the compiler.
import { isApiRoute } from "./api/api-route.ts";
import { handleApi } from "./api/handle-api.ts";
import type { Exchange } from "./exchange.ts";
import { deleteBlob, getBlob } from "./handlers/blobs.ts";
import { listCatalog, listReferrers, listTags } from "./handlers/listings.ts";
import { deleteManifest, getManifest, putManifest } from "./handlers/manifests.ts";
import { getPageFile, getRoot } from "./handlers/page.ts";
import { getBase, getCaCertificate, getLive, getOptions, getReady, redirectTo } from "./handlers/service.ts";
import { getToken, postToken } from "./handlers/token.ts";
import {
  deleteUpload,
  getUpload,
  mountBlob,
  patchUpload,
  postBlob,
  putUpload,
  startUpload,
} from "./handlers/uploads.ts";
import type { Route } from "./route.ts";

/** Answers an admitted request. */
export function handle(exchange: Exchange, route: Route): Response | Promise<Response> {
  if (isApiRoute(route)) return handleApi(exchange, route);
  switch (route.kind) {
    case "base":
      return getBase(exchange);
    case "root":
      return getRoot(exchange);
    case "pageFile":
      return getPageFile(exchange, route);
    case "caCertificate":
      return getCaCertificate(exchange);
    case "live":
      return getLive();
    case "ready":
      return getReady(exchange);
    case "getToken":
      return getToken(exchange, route);
    case "postToken":
      return postToken(exchange);
    case "options":
      return getOptions(route.allow);
    case "redirect":
      return redirectTo(route.location);
    case "catalog":
      return listCatalog(exchange, route);
    case "listTags":
      return listTags(exchange, route);
    case "getManifest":
      return getManifest(exchange, route);
    case "putManifest":
      return putManifest(exchange, route);
    case "deleteManifest":
      return deleteManifest(exchange, route);
    case "getBlob":
      return getBlob(exchange, route);
    case "deleteBlob":
      return deleteBlob(exchange, route);
    case "startUpload":
      return startUpload(exchange, route);
    case "postBlob":
      return postBlob(exchange, route);
    case "mountBlob":
      return mountBlob(exchange, route);
    case "getUpload":
      return getUpload(exchange, route);
    case "patchUpload":
      return patchUpload(exchange, route);
    case "putUpload":
      return putUpload(exchange, route);
    case "deleteUpload":
      return deleteUpload(exchange, route);
    case "listReferrers":
      return listReferrers(exchange, route);
  }
}
