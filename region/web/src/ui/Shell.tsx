/** What who is logged in sees: the list beside what is open; on a phone one of the two. */

import { lazy, Suspense, useEffect, useRef } from "react";
import { Route, Switch, useLocation, useRoute } from "wouter";
import { type Field, isEmpty, leaves } from "../core/leaving";
import { set, useStore } from "../state/store";
import { t, withMore } from "../words";
import { Arrived } from "./Arrived";
import { Banner } from "./Banner";
import { Guard } from "./Guard";
import { later } from "./later";
import { Sidebar } from "./Sidebar";

/** A conversation comes once the list is on its way: not before it, and before one has chosen. */
const bringTalk = () => import("./Talk");
const Talk = later(async () => ({ default: (await bringTalk()).Talk }));
const WithPerson = later(async () => ({ default: (await bringTalk()).WithPerson }));
const NewPanel = lazy(() => withMore(import("./NewPanel")));
const About = lazy(() => withMore(import("./About")));
const Join = lazy(() => withMore(import("./Join")));
const Around = lazy(() => withMore(import("./Around")));
const AskedDialog = later(
  () => import("./AskedDialog"),
  () => set({ asked: null, notice: t("app.part-missing") }), // it can be asked for again
);
const Settings = lazy(() => withMore(import("./settings/Settings")));
const Moderation = lazy(() => withMore(import("./Moderation")));

export default function Shell() {
  const [path, go] = useLocation();
  const [, talk] = useRoute<{ id: string }>("/c/:id/*?");
  const left = useRef<string | null>(null);
  const filled = useRef<string | null>(null); // the page in whose forms something was typed or chosen
  useEffect(() => {
    filled.current = null;
    const onKey = (event: KeyboardEvent) => {
      const field = inForm(event.target) && !(inContent(event.target) && isEmpty(event.target as Element & Field));
      const place = { field, filled: filled.current === path || hasChosen() };
      if (path !== "/" && leaves(event, place)) go("/");
      if (event.key.toLowerCase() === "k" && (event.ctrlKey || event.metaKey)) {
        event.preventDefault();
        document.getElementById("filter")?.focus();
      }
    };
    addEventListener("keydown", onKey);
    return () => removeEventListener("keydown", onKey);
  }, [path, go]);
  useEffect(() => {
    withMore(bringTalk()).catch(() => {}); // it is asked for again when it is opened
  }, []);
  useUnreadInTitle();
  const asked = useStore((state) => state.asked);
  return (
    <main className="shell" data-open={path !== "/"}>
      <h1 className="unseen">{t("app.name")}</h1>
      <Banner />
      <Guard place="sidebar">
        <Sidebar openId={talk?.id ?? null} />
      </Guard>
      <div
        className="content"
        onInput={(event) => {
          if (inForm(event.target) && !isQuery(event.target)) filled.current = path;
        }}
      >
        <Guard key={path}>
          <Suspense fallback={<p className="starting">{t("app.loading")}</p>}>
            <Switch>
              <Route path="/c/:id">{({ id }) => <Talk key={id} id={id} />}</Route>
              <Route path="/c/:id/at/:before/:after">
                {(place) => <Around key={Object.values(place).join()} {...place} />}
              </Route>
              <Route path="/c/:id/about">{({ id }) => <About key={id} id={id} />}</Route>
              <Route path="/join/:id">{({ id }) => <Join key={id} id={id} />}</Route>
              <Route path="/with/:id">{({ id }) => <WithPerson key={id} userId={id} />}</Route>
              <Route path="/new" component={NewPanel} />
              <Route path="/settings" component={Settings} />
              <Route path="/moderation" component={Moderation} />
              <Route>
                <p className="nothing">{t("talk.pick")}</p>
              </Route>
            </Switch>
            <Arrived path={path} left={left} />
          </Suspense>
        </Guard>
      </div>
      {asked !== null && (
        <Suspense>
          <AskedDialog asked={asked} />
        </Suspense>
      )}
    </main>
  );
}

/** Whether it belongs to what is lost with its page; what is written in a conversation is kept as its draft. */
function inForm(target: EventTarget | null): boolean {
  if (!(target instanceof Element) || target.closest(".composer") !== null) return false;
  return target.closest("form, input, textarea, select") !== null;
}

const inContent = (target: EventTarget | null) => target instanceof Element && target.closest(".content") !== null;

/** What is only looked for is lost by nobody. */
const isQuery = (target: EventTarget) => target instanceof HTMLInputElement && target.type === "search";

/** Whether something is chosen in a form by a press, as members of a group are. */
const hasChosen = () => document.querySelector(".content form .chosen") !== null;

/** The tab tells how many conversations wait to be read. */
function useUnreadInTitle(): void {
  const waiting = useStore((state) => Object.values(state.inbox).filter((each) => each.unread > 0).length);
  useEffect(() => {
    document.title = waiting > 0 ? `(${waiting}) ${t("app.name")}` : t("app.name");
  }, [waiting]);
}
