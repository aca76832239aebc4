// ---------------------------------------------------------------------------------------------------------------- warm
// The first shot of a page is its slowest: code that never ran, a connection that went to sleep. So the very path of the shot is
// walked before, by harmless requests and by looking. Nothing here submits. What each part buys stands in docs/measurements.md.

// How often a waiting page knocks at the site, so that the connection stays open.
const KNOCK_EVERY_MS = 5000;

// The last knock: over before the instant, where the site answers within a third of it.
const LAST_KNOCK_MS = 300;

// When the path is walked for the last time but one; the last look is when the stamps are set.
const WALK_MS = 450;

// When the page looks at the clock for its stamps: late enough that steps of the clock are past.
const SET_STAMP_MS = 100;

// Later than this nothing is begun any more.
const TOO_LATE_MS = SPIN_MS + 10;

// What a waiting program does on its way to the instant, for `waitUntil`.
function warmUps(run) {
  const warm = { url: null, knocked: -Infinity, took: 0, busy: false, walked: 0 };
  const soon = [
    { before: WALK_MS, until: TOO_LATE_MS, does: () => walk(run, warm) },
    { before: LAST_KNOCK_MS, until: LAST_KNOCK_MS / 2, does: () => warm.took < LAST_KNOCK_MS / 3 && knock(run, warm) },
    { before: SET_STAMP_MS, until: TOO_LATE_MS, does: () => lastLook(run, warm) },
  ];
  if (wantsFrame(run)) soon.push(...LOAD_FRAME_MS.map(before => ({ before, until: FRAME_STAYS_MS, does: () => quietly(() => loadFrame(run, warm)) })));
  const meanwhile = left => {
    if (left > WALK_MS && performance.now() - warm.knocked > KNOCK_EVERY_MS) knock(run, warm);
  };
  return { soon, meanwhile };
}

// Styles, layout, compiled code, and what keeps the state.
function lastLook(run, warm) {
  setStamp();
  if (warm.walked < SET_STAMP_MS / 3) walk(run, warm);
  quietly(() => save(run));
}

// Everything of the shot but its requests. What is wrong is said when it counts.
function walk(run, warm) {
  const started = performance.now();
  quietly(() => {
    if (isChained(run.program, run.code)) return walkChain(run);
    if (run.code.length > 0) return;
    const { request } = ready(run.program.commit);
    if (request) asSent(request);
    noteBefore(run.program.outcomes);
  });
  warm.walked = performance.now() - started;
}

// The steps of the chain, on a copy of the page as it is; what they would load is not loaded.
function walkChain(run) {
  const page = { ...startOfChain(), status: 200, text: document.documentElement.outerHTML };
  const at = { page, touch: () => {}, isTouched: () => false };
  for (const { op, step } of run.code) if (op === 'step' && verbOf(step) !== 'request') quietly(() => actFetched(step, at));
  const found = readyFetched(run.program.commit, at);
  if (found.request) asSent(found.request);
  race(run.program.outcomes, page);
}

function quietly(does) {
  try {
    does();
  } catch { /* it may be right when it counts */ }
}

// Asks for nothing but an answer, over the connection of the shot.
async function knock(run, warm) {
  if (warm.busy) return;
  Object.assign(warm, { busy: true, knocked: performance.now(), url: warm.url ?? knockAddress(run) });
  const elsewhere = new URL(warm.url).origin !== location.origin;
  const how = elsewhere ? { mode: 'no-cors', credentials: 'include' } : { credentials: 'same-origin', redirect: 'manual' };
  try {
    await fetch(warm.url, { ...how, method: 'HEAD', cache: 'no-store' });
  } catch { /* the shot itself will tell */ }
  Object.assign(warm, { busy: false, took: performance.now() - warm.knocked });
}

// A file that belongs to the page, or the site's icon: whoever asks for a page or a form again may make the token worthless that
// the form in this page holds. A form that goes elsewhere wants that connection open.
function knockAddress(run) {
  const site = run.code.length === 0 && formOrigin(run.program.commit) || location.origin;
  const files = Array.from(document.querySelectorAll('link[rel~=stylesheet][href], script[src], img[src]'), each => each.href || each.src);
  return files.find(url => url.startsWith(`${site}/`)) ?? `${site}/favicon.ico`;
}

function formOrigin(commit) {
  try {
    return new URL(prepared(commit).action).origin;
  } catch {
    return null;
  }
}

// A navigation is code of its own in Firefox: a file loaded into a frame that nobody sees makes the form 3 ms faster. In Chromium
// it makes it slower.
const LOAD_FRAME_MS = [900, 500];
const FRAME_STAYS_MS = 300;

const wantsFrame = run => 'mozInnerScreenX' in window && (run.program.commit.send === 'form' || (run.code.length > 0 && run.program.opening === 'page'));

function loadFrame(run, warm) {
  const frame = document.createElement('iframe');
  // Neither scripts nor locators of ours get to see it.
  frame.sandbox = 'allow-same-origin';
  frame.src = warm.url ?? knockAddress(run);
  const host = document.createElement('div');
  host.hidden = true;
  host.attachShadow({ mode: 'closed' }).append(frame);
  document.documentElement.append(host);
  setTimeout(() => host.remove(), FRAME_STAYS_MS);
}

