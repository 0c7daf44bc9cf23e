// Says who the visitor is, with a way to sign out where there is one.

import * as api from "./api.js";
import { button, find } from "./dom.js";

export async function showVisitor() {
  const visitor = await api.session();
  find("visitor").replaceChildren(visitor.editor ? visitor.name : `${visitor.name} (reads only)`);
  if (visitor.signs_out) {
    find("visitor").append(" ", button("Sign out", async () => {
      await api.signOut();
      location.assign("/sign-in");
    }, { class: "link" }));
  }
  return visitor;
}
