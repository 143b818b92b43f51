// The page's own sentences, which it brings along in its language; numbers are written as that language writes them.
const language = document.documentElement.lang || "en";
const units = ["KB", "MB", "GB", "TB"];

export class Words {
  constructor(template) {
    const sentences = template.content.querySelectorAll("[data-say]");
    this.sentences = new Map([...sentences].map((each) => [each.dataset.say, each.textContent.trim()]));
  }

  has(name) {
    return this.sentences.has(name);
  }

  say(name, values = {}) {
    return this.sentences.get(name).replace(/\{(\w+)\}/g, (_, key) => values[key]);
  }
}

export function number(value, digits = 0) {
  return new Intl.NumberFormat(language, { minimumFractionDigits: digits, maximumFractionDigits: digits }).format(value);
}

// Binary multiples under the names that people know, as the server writes them.
export function size(bytes) {
  if (bytes < 1024) return counted(Math.round(bytes), "byte");
  let [amount, power] = [bytes / 1024, 0];
  while (amount >= 1024 && power < units.length - 1) [amount, power] = [amount / 1024, power + 1];
  return `${number(amount, amount < 10 ? 1 : 0)} ${units[power]}`;
}

export function duration(seconds) {
  if (seconds < 60) return counted(Math.max(1, Math.ceil(seconds)), "second");
  if (seconds < 5400) return counted(Math.round(seconds / 60), "minute");
  return counted(Math.round(seconds / 3600), "hour");
}

function counted(count, unit) {
  return new Intl.NumberFormat(language, { style: "unit", unit, unitDisplay: "long" }).format(count);
}
