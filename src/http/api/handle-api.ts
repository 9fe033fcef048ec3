// Which handler answers which route of the read API: checked for completeness by the compiler.
import type { Exchange } from "../exchange.ts";
import type { ApiRoute } from "./api-route.ts";
import { carryOutDeletion, planDeletion } from "./deletions.ts";
import { getRepositories, getTags, getTree } from "./listings.ts";
import { getSession } from "./session.ts";
import { getState } from "./state.ts";
import { getUsage } from "./usage.ts";

/** Answers an admitted request. */
export function handleApi(exchange: Exchange, route: ApiRoute): Response | Promise<Response> {
  switch (route.kind) {
    case "apiSession":
      return getSession(exchange, route);
    case "apiState":
      return getState(exchange);
    case "apiUsage":
      return getUsage(exchange);
    case "apiRepositories":
      return getRepositories(exchange, route);
    case "apiTree":
      return getTree(exchange, route);
    case "apiTags":
      return getTags(exchange, route);
    case "apiDeletionPlan":
      return planDeletion(exchange, route);
    case "apiDeletion":
      return carryOutDeletion(exchange, route);
  }
}
