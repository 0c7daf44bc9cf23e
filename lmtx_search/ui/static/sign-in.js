// Signs a visitor in with a token.

import * as api from "./api.js";
import { find, showProblem } from "./dom.js";

find("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  try {
    await api.signIn(find("token").value.trim());
    location.assign("/");
  } catch (error) {
    if (!api.superseded(error)) showProblem(error.message);
  }
});
find("token").focus();
