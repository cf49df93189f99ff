/** Where the page begins. */

import { createRoot } from "react-dom/client";
import { keepApp } from "./io/worker";
import { start } from "./state/account";
import { App } from "./ui/App";
import { begin } from "./words";
import "./ui/styles/base.css";
import "./ui/styles/welcome.css";
import "./ui/styles/list.css";
import "./ui/styles/talk.css";
import "./ui/styles/files.css";
import "./ui/styles/panels.css";

const root = document.getElementById("root");
if (root === null) throw new Error("index.html has no #root");
await begin().catch(() => {}); // without its words it speaks English
createRoot(root).render(<App />);
void start();
keepApp();
