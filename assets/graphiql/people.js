// Who has signed in through this page. Their tokens stay in this browser tab's session, and are kept fresh.

const REFRESH = `mutation Refresh($token: String!) {
  refreshSession(input: { refreshToken: $token }) {
    session { accessToken accessTokenExpiresAt refreshToken }
    userErrors { code message }
  }
}`;

const SIGN_INS = ['signIn', 'signUp', 'signUpWithAgent', 'claimAccount', 'changePassword', 'refreshSession'];

export class People {
  #kept;
  #refreshing = new Map();
  #send;
  #changed;

  /** `send` asks the server without a token; `changed` hears of every sign-in and sign-out. */
  constructor(send, changed) {
    this.#send = send;
    this.#changed = changed;
    this.#kept = JSON.parse(sessionStorage.getItem('people') ?? '{"current":null,"sessions":{}}');
  }

  get current() {
    return this.#kept.current;
  }

  get all() {
    return Object.keys(this.#kept.sessions);
  }

  /**
   * What the Authorization header is to say, by what the tab's Headers say: nothing there means whoever signed in last,
   * an e-mail address somebody who signed in here, `nobody` no one; anything else is sent as it is.
   */
  async authorization(said) {
    if (said?.toLowerCase() === 'nobody') return {};
    if (said && !said.includes('@')) return { authorization: said };
    const person = said?.toLowerCase() ?? this.current;
    if (!person) return {};
    if (!this.#kept.sessions[person]) throw new Error(`Nobody is signed in here as ${person}: run that sign-in tab first.`);
    return { authorization: `Bearer ${await this.#token(person)}`, person };
  }

  /** Keeps the session that an answer brings, if it brings one. */
  notice(data, variables, person) {
    if (data?.signOut && data.signOut.userErrors?.length === 0) this.forget(person);
    for (const field of SIGN_INS) {
      const session = data?.[field]?.session;
      if (!session?.accessToken) continue;
      const payload = data[field];
      const email = variables?.input?.email ?? payload.viewer?.user?.email ?? payload.customer?.email ?? person;
      if (email) this.#keep(email.toLowerCase(), session);
    }
  }

  forget(person = this.current) {
    delete this.#kept.sessions[person];
    this.#kept.current = this.all.at(-1) ?? null;
    this.#save();
  }

  async #token(person) {
    const session = this.#kept.sessions[person];
    const left = Date.parse(session.accessTokenExpiresAt ?? '') - Date.now();
    if (!(left < 30_000) || !session.refreshToken) return session.accessToken;
    // A refresh token is good once: who asks meanwhile waits for the same answer.
    if (!this.#refreshing.has(person)) {
      const asked = this.#send({ query: REFRESH, variables: { token: session.refreshToken } }, {}).finally(() => this.#refreshing.delete(person));
      this.#refreshing.set(person, asked);
    }
    const answer = await this.#refreshing.get(person);
    const fresh = answer.data?.refreshSession?.session;
    if (!fresh) {
      this.forget(person);
      throw new Error(`The session of ${person} has ended: please sign in again.`);
    }
    this.#kept.sessions[person] = fresh;
    this.#save();
    return fresh.accessToken;
  }

  #keep(person, session) {
    this.#kept.sessions[person] = session;
    this.#kept.current = person;
    this.#save();
  }

  #save() {
    sessionStorage.setItem('people', JSON.stringify(this.#kept));
    this.#changed();
  }
}
