// The page behind a signed address: the view is there already, and everything else is the view's.

import { View } from "./view.js";

const view = new View(document.getElementById("view"));
if ("unfinished" in view.root.dataset) setTimeout(() => location.reload(), 4000);
