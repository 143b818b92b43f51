// Every way in which a call ends badly.

// Nothing came of it, and it may be made again: after so many seconds, where the service said so.
export class Later extends Error {
  constructor(why, afterS = null) {
    super(why);
    Object.assign(this, { why, afterS });
  }
}

// The session is over, or the page's token is of an older one.
export class SignedOut extends Error {}

// The service said no; `code` is its own stable word, `detail` its sentence.
export class Refused extends Error {
  constructor(status, code, detail = "") {
    super(code);
    Object.assign(this, { status, code, detail });
  }
}

// What is wrong is here, not at the service: a word that the page has a sentence for.
export class Unsendable extends Error {
  constructor(code) {
    super(code);
    this.code = code;
  }
}
