// What a suite reaches, told to run.js, which holds it against the README's table.

const MARK = 'reaches: ';

/** Says in a figure what a test has shown; without it a suite is told by the number of its tests. */
export const reaches = (t, what) => t.diagnostic(MARK + what);

/** What a diagnostic says, if it is one of these. */
export const reached = (message) => (message.startsWith(MARK) ? message.slice(MARK.length) : null);
