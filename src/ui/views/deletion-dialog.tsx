// Asks before something is deleted, and says what goes, and what stays because something else needs it.
import type { ComponentChildren, VNode } from "preact";
import { useState } from "preact/hooks";
import type { DeletionPlanAnswer, DeletionsAnswer, DeletionWish } from "../answers.ts";
import { type DeletionStep, listSteps } from "../deletion-steps.ts";
import { useLoaded } from "../loading.tsx";
import { ModalDialog } from "../modal-dialog.tsx";
import { describeError, FailureNotice, LoadingNotice } from "../notices.tsx";
import { usePage } from "../page-context.tsx";
import { DeletionPlanText } from "./deletion-plan-text.tsx";

/** Plans, asks, and deletes. */
export function DeletionDialog({
  name,
  wish,
  onDone,
  onClose,
}: {
  readonly name: string;
  readonly wish: DeletionWish;
  /** Called with what happened, once something was deleted. */
  readonly onDone: (message: string) => void;
  readonly onClose: () => void;
}): VNode {
  const { texts, client } = usePage();
  const [isBusy, setBusy] = useState(false);
  const { loaded, reload } = useLoaded<DeletionPlanAnswer>(
    (signal) =>
      client.askJson({
        path: client.apiPath(`repositories/${name}/deletion-plan`),
        method: "POST",
        body: wish,
        scope: `repository:${name}:delete`,
        signal,
      }),
    [],
  );
  return (
    <ModalDialog title={texts.deleteTitle} onClose={() => isBusy || onClose()}>
      {loaded.kind === "loading" && (
        <Waiting onClose={onClose}>
          <LoadingNotice text={texts.planning} />
        </Waiting>
      )}
      {loaded.kind === "failed" && (
        <Waiting onClose={onClose}>
          <FailureNotice error={loaded.error} retry={reload} />
        </Waiting>
      )}
      {loaded.kind === "ready" && (
        <Decision name={name} plan={loaded.value} onBusy={setBusy} onDone={onDone} onClose={onClose} />
      )}
    </ModalDialog>
  );
}

function Waiting({ children, onClose }: { readonly children: ComponentChildren; readonly onClose: () => void }): VNode {
  const { texts } = usePage();
  return (
    <>
      {children}
      <div class="buttons">
        <button type="button" onClick={onClose}>
          {texts.cancel}
        </button>
      </div>
    </>
  );
}

interface DeletionProgress {
  readonly done: number;
  /** Of them. */
  readonly tags: number;
  readonly kept: number;
}

interface DecisionProps {
  readonly name: string;
  readonly plan: DeletionPlanAnswer;
  /** Told when the deletion begins and when it is broken off, in between of which the dialog stays. */
  readonly onBusy: (isBusy: boolean) => void;
  readonly onDone: (message: string) => void;
  readonly onClose: () => void;
}

/** A deletion that its user may begin: how far it is, and what broke it off. */
function useDeletion({ name, plan, onBusy, onDone }: DecisionProps) {
  const { texts, client } = usePage();
  const [progress, setProgress] = useState<DeletionProgress | undefined>(undefined);
  const [problem, setProblem] = useState("");
  const send = (order: DeletionStep) =>
    client.askJson<DeletionsAnswer>({
      path: client.apiPath(`repositories/${name}/deletions`),
      method: "POST",
      body: order,
      scope: `repository:${name}:delete`,
    });
  const begin = async () => {
    let now: DeletionProgress = { done: 0, tags: 0, kept: 0 };
    setProgress(now);
    onBusy(true);
    try {
      for (const order of listSteps(plan)) {
        now = addAnswer(now, await send(order));
        setProgress(now);
      }
    } catch (error) {
      setProblem(describeError(error, texts));
      onBusy(false);
      return;
    }
    const said = plan.tags.length > 0 ? texts.deleted(now.tags) : texts.deletedImage;
    onDone(now.kept > 0 ? `${said} ${texts.keptMeanwhile(now.kept)}` : said);
  };
  return { progress, problem, begin };
}

function Decision(props: DecisionProps): VNode {
  const { texts } = usePage();
  const { plan, onDone, onClose } = props;
  const { progress, problem, begin } = useDeletion(props);
  const count = plan.tags.length + plan.manifests.length;
  const isRunning = progress !== undefined && problem === "";
  return (
    <>
      <DeletionPlanText plan={plan} />
      <p class="problem" role="alert">
        {problem}
      </p>
      {isRunning && (
        <p role="status">
          {texts.deleting(progress.done, count)}{" "}
          <progress aria-label={texts.deleteTitle} value={progress.done} max={count} />
        </p>
      )}
      <div class="buttons">
        <button type="button" onClick={problem === "" ? onClose : () => onDone(problem)} disabled={isRunning}>
          {problem === "" ? texts.cancel : texts.close}
        </button>
        {count > 0 && problem === "" && (
          <button type="button" class="danger" disabled={isRunning} onClick={() => void begin()}>
            {plan.tags.length > 0 ? texts.deleteNow(plan.tags.length) : texts.deleteImage}
          </button>
        )}
      </div>
    </>
  );
}

function addAnswer({ done, tags, kept }: DeletionProgress, answer: DeletionsAnswer): DeletionProgress {
  return {
    done: done + answer.tags.length + answer.manifests.length,
    tags: tags + answer.tags.length,
    kept: kept + answer.keptCount,
  };
}
