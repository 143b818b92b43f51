// What was dropped or chosen becomes a list of files with their paths: {path, file, again}.
// `again` looks at the file anew, where the browser can.
const LITTER = new Set([".ds_store", "thumbs.db", "desktop.ini"]);

export class Gathered {
  constructor() {
    Object.assign(this, { files: [], litter: [], unreadable: [] });
  }

  // A file by the names of its folders and its own.
  async add(names, look) {
    const path = names.join("/").normalize("NFC");
    if (isLitter(names.at(-1))) {
      this.litter.push(path);
      return;
    }
    try {
      this.files.push({ path, file: await look(), again: look });
    } catch {
      this.unreadable.push(path);
    }
  }
}

// What file managers leave behind, as `packet send` leaves it out too.
function isLitter(name) {
  return LITTER.has(name.toLowerCase()) || name.startsWith("._");
}

// Call it while the drop is being told: what was dropped is gone from the event afterwards.
export function fromDrop(transfer) {
  const items = [...transfer.items].filter((item) => item.kind === "file");
  const entries = items.map((item) => item.webkitGetAsEntry()).filter(Boolean);
  return gather(entries, (entry, gathered) => walkEntry(entry, [], gathered));
}

export function fromInput(input) {
  return gather([...input.files], (file, gathered) =>
    gathered.add((file.webkitRelativePath || file.name).split("/"), async () => file),
  );
}

export function fromHandles(handles) {
  return gather(handles, (handle, gathered) => walkHandle(handle, [], gathered));
}

async function gather(roots, walk) {
  const gathered = new Gathered();
  await Promise.all(roots.map((root) => walk(root, gathered)));
  gathered.files.sort((one, other) => (one.path < other.path ? -1 : 1));
  return gathered;
}

async function walkEntry(entry, above, gathered) {
  const names = [...above, entry.name];
  if (entry.isFile) return gathered.add(names, () => new Promise((resolve, reject) => entry.file(resolve, reject)));
  const reader = entry.createReader();
  try {
    for (let some = await entriesOf(reader); some.length > 0; some = await entriesOf(reader)) {
      await Promise.all(some.map((each) => walkEntry(each, names, gathered)));
    }
  } catch {
    gathered.unreadable.push(names.join("/"));
  }
}

// Some at a time, a hundred in Chromium; none is the end.
function entriesOf(reader) {
  return new Promise((resolve, reject) => reader.readEntries(resolve, reject));
}

async function walkHandle(handle, above, gathered) {
  const names = [...above, handle.name];
  if (handle.kind === "file") return gathered.add(names, () => handle.getFile());
  const walks = [];
  try {
    for await (const each of handle.values()) walks.push(walkHandle(each, names, gathered));
  } catch {
    gathered.unreadable.push(names.join("/"));
  }
  await Promise.all(walks);
}
