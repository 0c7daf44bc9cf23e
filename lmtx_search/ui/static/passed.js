// The documents that this visitor passed over, by chosen label. A reload keeps them, a new tab does not.

const KEY = "passed";
const MOST = 2000; // the server takes no more

const read = () => new Map(JSON.parse(sessionStorage.getItem(KEY) ?? "[]"));
const write = (lists) => sessionStorage.setItem(KEY, JSON.stringify([...lists]));
const same = (one, other) => one.index === other.index && one.id === other.id && one.routing === other.routing;

export const passed = (label) => read().get(label ?? "") ?? [];

export function passOver(label, documents) {
  const places = documents.map(({ index, id, routing }) => ({ index, id, routing }));
  const before = passed(label).filter((one) => !places.some((place) => same(one, place)));
  write(read().set(label ?? "", [...before, ...places].slice(-MOST)));
}

export function beginAgain(label) {
  const lists = read();
  lists.delete(label ?? "");
  write(lists);
}

// Documents on which a decision was undone are shown again, whatever list is open.
export function showAgain(places) {
  const lists = read();
  for (const [label, list] of lists) {
    lists.set(label, list.filter((one) => !places.some((place) => same(one, place))));
  }
  write(lists);
}
