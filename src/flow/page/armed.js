// --------------------------------------------------------------------------------------------------------------- armed
// A program that waits in the page, acts at its instant by itself, and goes on in the next document after a navigation.
//
// What it is told (steps, commit, outcomes) comes with the preload script; how far it is stands in sessionStorage under its id,
// so a document only ever *continues*: without a state it does nothing, and what is spent stays spent whatever reloads.

const keyOf = id => `__firstserve:${id}`;

function recall(id) {
  try {
    return JSON.parse(sessionStorage.getItem(keyOf(id)));
  } catch {
    return null;
  }
}

const keep = (id, state) => sessionStorage.setItem(keyOf(id), JSON.stringify(state));

// Programs that run in this very document.
const running = new Map();

// How often a waiting step is tried again.
const AGAIN_MS = 4;

// A navigation that has not come after this long (a download, "204 No Content") no longer holds up the steps.
const LEAVING_MS = 3000;

// Puts a program into this document. → { armed } or { refused }
function arm(program, scripts = [], words = {}) {
  if (window !== window.top) return { refused: 'a program is armed in the page itself, not in a frame' };
  const before = recall(program.id);
  if (before !== null) return { armed: before.phase === 'armed' };
  try {
    keep(program.id, { phase: 'armed', pc: 0, rounds: {}, steps: [], dialogs: [] });
  } catch (error) {
    return { refused: `the page has no session storage: ${error.message}` };
  }
  start(program, scripts, words);
  return { armed: true };
}

// Called by the preload script in every new document of the tab.
function resume(program, scripts = [], words = {}) {
  if (window === window.top && recall(program.id) !== null) start(program, scripts, words);
}

function disarm(id) {
  const state = recall(id);
  running.delete(id);
  if (isFree(state)) keep(id, { ...state, phase: 'disarmed' });
  return recall(id);
}

const isFree = state => state !== null && !isSpent(state) && !isOver(state);

const isSpent = state => 'fired-at-ms' in state;

const isOver = state => ['answered', 'failed', 'disarmed'].includes(state.phase);

function start(program, scripts, words) {
  if (running.has(program.id)) return;
  const run = { program, words, code: compile(program.steps, [...scripts]), state: recall(program.id), since: null, parked: false };
  if (isOver(run.state)) return;
  running.set(program.id, run);
  redeclare(run);
  if (run.state.phase === 'armed') {
    waitUntil(program['at-ms'], { isWanted: () => isMine(run) && run.state.phase === 'armed', warmUp: () => warmUp(run), aim: () => aim(run), wake: aimed => wake(run, aimed) });
  } else advance(run);
  addEventListener('DOMContentLoaded', () => advance(run), { once: true });
}

const isMine = run => running.get(run.program.id) === run;

function wake(run, aimed = null) {
  if (isLeaving(LEAVING_MS)) return again(run);
  Object.assign(run.state, { phase: 'opening', 'woke-at-ms': stamp() });
  // With nothing to do before the commit, the commit's own record is soon enough.
  if (run.code.length > 0) save(run);
  advance(run, aimed);
}

// Looks at the button a moment before its time, so that styles, layout and compiled code are there when it counts.
function warmUp(run) {
  try {
    if (run.code.length === 0) ready(run.program.commit);
    save(run);
  } catch { /* what is wrong is said when it counts */ }
}

// What the commit would act on, looked at before the page is held: while it is held nothing in it can change, and at the
// instant there is nothing left but to act. Null: it is looked at when it counts.
function aim(run) {
  if (run.code.length > 0 || document.readyState === 'loading') return null;
  try {
    const found = ready(run.program.commit);
    return found.state === 'ready' ? found : null;
  } catch {
    return null;
  }
}

function save(run, more = {}) {
  Object.assign(run.state, more);
  keep(run.program.id, run.state);
}

function again(run) {
  clearTimeout(run.timer);
  run.timer = setTimeout(() => advance(run), AGAIN_MS);
}

// Does as much as can be done now; what must wait is tried again.
function advance(run, aimed = null) {
  if (!isMine(run) || isOver(run.state) || run.parked) return;
  try {
    if (run.state.phase === 'armed') return void (isReached(run.program['at-ms']) ? wake(run) : undefined);
    if (isSpent(run.state)) return settle(run);
    if (document.readyState === 'loading' || isLeaving(LEAVING_MS)) return again(run);
    while (run.state.pc < run.code.length) if (!perform(run, run.code[run.state.pc])) return;
    commit(run, aimed);
  } catch (error) {
    if (isSpent(run.state)) answered(run, { error: error.message });
    else giveUp(run, run.code[run.state.pc]?.step, fail(error.kind ?? 'script', error.message));
  }
}

// ---------------------------------------------------------------------------------------------------------------- steps
// `when` and `repeat` become jumps, so that one number says where a program stands, whatever it is nested in.

function compile(steps, scripts) {
  const code = [];
  const add = list => {
    for (const step of list) {
      const { when, repeat, script } = typeof step.verb === 'string' ? {} : step.verb;
      if (when) addWhen(step, when);
      else if (repeat) addRepeat(step, repeat);
      else code.push({ op: 'step', step, script: script ? scripts.shift() : undefined });
    }
  };
  const addWhen = (step, { condition, steps: body }) => {
    const skip = { op: 'unless', step, condition };
    code.push(skip);
    add(body);
    skip.to = code.length;
  };
  const addRepeat = (step, { until, at_most: most, steps: body }) => {
    const at = code.length;
    const loop = { op: 'loop', step, until, most };
    code.push(loop);
    add(body);
    code.push({ op: 'jump', step, to: at });
    loop.to = code.length;
  };
  add(steps);
  return code;
}

// True when the next line of code can follow at once.
function perform(run, line) {
  if (line.op === 'jump') return jump(run, line.to);
  if (line.op === 'unless') return jump(run, holds(line.condition) ? run.state.pc + 1 : line.to);
  if (line.op === 'loop') return round(run, line);
  return tryStep(run, line);
}

function jump(run, to) {
  save(run, { pc: to });
  return true;
}

function round(run, line) {
  const { pc, rounds } = run.state;
  const before = rounds[pc] ?? 0;
  const over = holds(line.until);
  if (!over && before >= line.most) {
    return giveUp(run, line.step, fail('expectation', `after ${before} rounds it does not hold that ${tell(line.until)}`));
  }
  save(run, { pc: over ? line.to : pc + 1, rounds: { ...rounds, [pc]: over ? 0 : before + 1 } });
  return true;
}

function tryStep(run, line) {
  const { step } = line;
  const next = run.state.pc + 1;
  if (run.since === null) begin(run, step);
  // A step that may unload the page counts as done before it is: the next document goes on behind it.
  const result = doStep(run, line, () => save(run, { pc: next }));
  if (result.state !== 'done') return keepTrying(run, step, result);
  note(run, step, result, next);
  return result.leaves ? yieldTo(run, result.leaves) : true;
}

const verbOf = step => (typeof step.verb === 'string' ? step.verb : Object.keys(step.verb)[0]);

// A declared answer stands until the next step that may itself open a dialog.
function begin(run, step) {
  run.since = performance.now();
  if (step.dialog !== undefined) declare(run, step.dialog);
  else if (/^(click|submit|go|reload|check|uncheck|script)$/.test(verbOf(step))) undeclare(run);
}

function doStep(run, { step, script }, passes) {
  if (script) {
    passes();
    return done({ value: asText(script.call(null, run.words)), leaves: 'perhaps' });
  }
  const pause = typeof step.verb === 'object' && step.verb.pause;
  if (pause) return performance.now() - run.since >= pause.ms ? done() : wait('timeout', 'it pauses');
  return act(step, { passes, ticket: `${run.program.id}/${run.state.pc}/${run.state.steps.length}`, reply: run.reply });
}

function note(run, step, result, next) {
  if (result.reply) run.reply = result.reply;
  const ran = { place: step.place, hit: result.hit, 'took-ms': performance.now() - run.since };
  run.since = null;
  save(run, { pc: next, steps: [...run.state.steps, ran].slice(-200) });
}

// Still waiting, skipped, or given up.
function keepTrying(run, step, result) {
  const late = performance.now() - run.since > step['timeout-ms'];
  if (result.state === 'wait' && !late) {
    again(run);
    return false;
  }
  if (step.optional && (result.kind === 'not-found' || result.kind === 'not-visible')) {
    run.since = null;
    return jump(run, run.state.pc + 1);
  }
  return giveUp(run, step, result);
}

// Lets a navigation begin, so that the next step is not done in a page that is going away. Browsers submit forms and follow
// links in a task of their own, hence the second task; what surely loads a page is waited for as long as that may take.
function yieldTo(run, leaves) {
  run.parked = true;
  const next = () => { run.parked = false; advance(run); };
  if (leaves === 'surely') setTimeout(next, LEAVING_MS);
  else setTimeout(() => setTimeout(next, 0), 0);
  return false;
}

function giveUp(run, step, { kind, reason }) {
  const { place } = step ?? run.program.commit;
  save(run, { phase: 'failed', failure: { place, verb: step ? verbOf(step) : 'commit', kind, reason } });
  restoreDialogs();
  return false;
}

// --------------------------------------------------------------------------------------------------------------- commit

function commit(run, aimed) {
  const { commit: what, 'answer-ms': patience } = run.program;
  if (run.since === null) run.since = performance.now();
  const found = aimed ?? ready(what);
  if (found.state !== 'ready') {
    const late = found.state === 'fail' || performance.now() - run.since > patience;
    return void (late ? giveUp(run, null, found) : again(run));
  }
  if (!isReached(run.program['at-ms'])) return again(run);
  // Asked of the storage itself: another document of this tab may have been faster.
  if (!isFree(recall(run.program.id))) return;
  if (what.dialog !== undefined) declare(run, what.dialog);
  else undeclare(run);
  const behind = what.request !== undefined || what.send !== 'form';
  save(run, { phase: 'committed', 'fired-at-ms': stamp(), hit: found.hit, behind });
  run.since = null;
  run.sent = send(what, found);
  save(run, { 'sent-at-ms': stamp() });
  yieldTo(run, 'perhaps');
}

// After the commit: races the outcomes, in this document or in the one that the form led to.
function settle(run) {
  if (run.state.behind && !run.sent) return answered(run, { error: 'the page went away before its request was answered' });
  const raced = raceCommit(run.program.outcomes, run.sent ?? null);
  if (raced.state === 'done') return answered(run, raced);
  const late = stamp() - run.state['fired-at-ms'] > run.program['answer-ms'];
  return late ? answered(run, { error: 'none of the outcomes held in time' }) : again(run);
}

function answered(run, { answer, reply, error, 'answered-at-ms': at }) {
  const is = answer?.is ?? 'unknown';
  const kept = reply && { ...reply, text: reply.text.slice(0, LONGEST_KEPT) };
  save(run, { phase: 'answered', 'answered-at-ms': at ?? stamp(), answer: { is, place: answer?.place }, reply: kept, error });
  restoreDialogs();
  if (error) stopLoading();
}

// Session storage holds a few million characters in all.
const LONGEST_KEPT = 200000;

// -------------------------------------------------------------------------------------------------------------- dialogs

function declare(run, dialog) {
  save(run, { dialog });
  redeclare(run);
}

function undeclare(run) {
  if (run.state.dialog === undefined) return;
  save(run, { dialog: undefined });
  restoreDialogs();
}

function redeclare(run) {
  if (run.state.dialog === undefined) return;
  answerDialogs(run.state.dialog, text => save(run, { dialogs: [...run.state.dialogs, text].slice(-20) }));
}

