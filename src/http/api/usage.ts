// GET usage: what takes the space.
import type { RepositoryUsage } from "../../registry/reading/usage.ts";
import type { Exchange } from "../exchange.ts";
import { answerJson, formatTime } from "./answers.ts";

/** The store as it is. Equal questions that come meanwhile share the answer. */
export async function getUsage({ api, request }: Exchange): Promise<Response> {
  const { schedule, reading } = api;
  const usage = await reading.usage({ schedule, signal: request.signal });
  const { computedMs, space, repositories, tags, manifests, blobs, waiting, trash, free, uploads } = usage;
  return answerJson({
    computed: formatTime(computedMs),
    space,
    repositories,
    tags,
    manifests,
    blobs,
    garbage: {
      waiting: waiting ?? null,
      trash,
      freeFrom: formatTime(free?.fromMs),
      freeBy: formatTime(free?.byMs),
    },
    uploads,
    largest: usage.largest.map(({ problems: _problems, ...each }) => each),
    problems: usage.unreadable.map(formatProblem),
  });
}

function formatProblem({ name, problems }: RepositoryUsage) {
  return { repository: name, problem: problems[0] ?? "", count: problems.length };
}
