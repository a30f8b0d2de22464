// Which view the address shows.
import { useHeartbeat } from './live/answer.ts'
import { Empty } from './parts/notice.tsx'
import { hrefs, route } from './router.ts'
import { Shell } from './shell.tsx'
import { GroupView } from './views/group.tsx'
import { GroupsView } from './views/groups.tsx'
import { ResourcesView } from './views/resources.tsx'
import { SystemView } from './views/system.tsx'
import { TaskView } from './views/task.tsx'
import { TasksView } from './views/tasks.tsx'
import { useTitle } from './views/title.ts'

export function App() {
  return (
    <Shell>
      <View />
    </Shell>
  )
}

function View() {
  const at = route.value
  switch (at.view) {
    case 'groups':
      return <GroupsView />
    case 'group':
      return <GroupView key={at.id} id={at.id} />
    case 'tasks':
      return <TasksView />
    case 'task':
      return <TaskView key={at.id} id={at.id} />
    case 'resources':
      return <ResourcesView />
    case 'system':
      return <SystemView />
    case 'nowhere':
      return <Nowhere />
  }
}

function Nowhere() {
  useTitle('No such page')
  useHeartbeat()
  return (
    <Empty title="There is no such page" isView>
      <a class="button" href={hrefs.groups}>
        All groups
      </a>
    </Empty>
  )
}
