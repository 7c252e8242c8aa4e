import type { ComponentType } from 'preact';
import { lazy } from 'preact-iso';
import { HomeScreen } from './home.tsx';
import {
  ADD_MACHINE,
  APPROVALS,
  ARCHIVE,
  approvalPath,
  HOME,
  MACHINES,
  machinePath,
  NEW,
  PAIR,
  PROJECTS,
  RULES,
  SEARCH,
  SETTINGS,
  USAGE,
} from './paths.ts';

export interface Screen {
  /** Address, with `:name` for parts that vary. */
  path: string;
  component: ComponentType;
  /** Shown only when there is a home; without one the way leads to pairing. */
  needsHome: boolean;
}

/** Every screen of the app, one line each. The first one is loaded at once, the others with their first use. */
export const screens: readonly Screen[] = [
  { path: HOME, component: HomeScreen, needsHome: true },
  { path: PAIR, component: lazy(() => import('./pair.tsx').then((module) => module.PairScreen)), needsHome: false },
  { path: NEW, component: lazy(() => import('./new-session.tsx').then((module) => module.NewSessionScreen)), needsHome: true },
  { path: SETTINGS, component: lazy(() => import('./settings.tsx').then((module) => module.SettingsScreen)), needsHome: true },
  { path: SEARCH, component: lazy(() => import('./search.tsx').then((module) => module.SearchScreen)), needsHome: true },
  { path: ARCHIVE, component: lazy(() => import('./archive.tsx').then((module) => module.ArchiveScreen)), needsHome: true },
  { path: PROJECTS, component: lazy(() => import('./projects.tsx').then((module) => module.ProjectsScreen)), needsHome: true },
  { path: USAGE, component: lazy(() => import('./usage.tsx').then((module) => module.UsageScreen)), needsHome: true },
  { path: MACHINES, component: lazy(() => import('./machines.tsx').then((module) => module.MachinesScreen)), needsHome: true },
  { path: ADD_MACHINE, component: lazy(() => import('./add-machine.tsx').then((module) => module.AddMachineScreen)), needsHome: true },
  { path: machinePath(':name'), component: lazy(() => import('./machine.tsx').then((module) => module.MachineScreen)), needsHome: true },
  { path: APPROVALS, component: lazy(() => import('./approval-list.tsx').then((module) => module.ApprovalListScreen)), needsHome: true },
  { path: approvalPath(':id'), component: lazy(() => import('./approval.tsx').then((module) => module.ApprovalScreen)), needsHome: true },
  { path: RULES, component: lazy(() => import('./rules.tsx').then((module) => module.RulesScreen)), needsHome: true },
  { path: '/sessions/:id', component: lazy(() => import('./session.tsx').then((module) => module.SessionDefaultScreen)), needsHome: true },
  {
    path: '/sessions/:id/chat',
    component: lazy(() => import('./session-chat.tsx').then((module) => module.SessionChatScreen)),
    needsHome: true,
  },
  {
    path: '/sessions/:id/terminal',
    component: lazy(() => import('./session-terminal.tsx').then((module) => module.SessionTerminalScreen)),
    needsHome: true,
  },
  {
    path: '/sessions/:id/changes',
    component: lazy(() => import('./session-changes.tsx').then((module) => module.SessionChangesScreen)),
    needsHome: true,
  },
  {
    path: '/sessions/:id/log',
    component: lazy(() => import('./session-log.tsx').then((module) => module.SessionLogScreen)),
    needsHome: true,
  },
  {
    path: '/sessions/:id/info',
    component: lazy(() => import('./session-info.tsx').then((module) => module.SessionInfoScreen)),
    needsHome: true,
  },
];

/** For an address that is none of these. */
export const notFound: ComponentType = lazy(() => import('./not-found.tsx').then((module) => module.NotFoundScreen));
/** Instead of any screen that needs a home which has refused this device. */
export const refused: ComponentType = lazy(() => import('./re-pair.tsx').then((module) => module.RePairScreen));
