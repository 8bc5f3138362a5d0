// What variables may leave blank: `{customer.id}` is the id of the customer that an answer last brought, so that nobody
// has to copy it from one tab to the next. And a few that need no answer.

const day = (date) => date.toISOString().slice(0, 10);

const MADE = {
  /** Another one at each use: for idempotency keys. */
  new: () => Array.from(crypto.getRandomValues(new Uint8Array(12)), (byte) => byte.toString(16).padStart(2, '0')).join(''),
  /** The same until the story starts over: for e-mail addresses. */
  story: () => {
    if (!sessionStorage.getItem('story')) sessionStorage.setItem('story', MADE.new().slice(0, 6));
    return sessionStorage.getItem('story');
  },
  now: () => new Date().toISOString(),
  monthStart: () => `${day(new Date()).slice(0, 7)}-01`,
  tomorrow: () => day(new Date(Date.now() + 86_400_000)),
};

export class Blanks {
  #known = JSON.parse(sessionStorage.getItem('known') ?? '{}');

  /** Keeps each text of an answer under the name of what it belongs to; of a list, those of its first. */
  notice(answer, name) {
    for (const [key, value] of Object.entries(answer ?? {})) {
      if (Array.isArray(value)) {
        if (typeof value[0] === 'object') this.notice(value[0], key);
      } else if (typeof value === 'object') {
        this.notice(value, key);
      } else if (typeof value === 'string' && name) {
        this.#known[`${name}.${key}`] = value;
      }
    }
    sessionStorage.setItem('known', JSON.stringify(this.#known));
  }

  /** The variables with every blank filled in. */
  fill(value) {
    if (typeof value === 'string') return value.replace(/\{([A-Za-z.]+)\}/g, (_, name) => this.#value(name));
    if (Array.isArray(value)) return value.map((item) => this.fill(item));
    if (value && typeof value === 'object') {
      return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, this.fill(item)]));
    }
    return value;
  }

  #value(name) {
    if (MADE[name]) return MADE[name]();
    if (this.#known[name] !== undefined) return this.#known[name];
    throw new Error(`{${name}} is not known yet: run the tabs to the left first, or write the value yourself.`);
  }
}
