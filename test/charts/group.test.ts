// Every transition of the group chart, driven three ways.
import { groupChart } from './chart.ts'
import { drive } from './drive.ts'
import { GroupScene } from './group-scene.ts'
import { groupStory } from './group-story.ts'

drive(groupChart, groupStory, GroupScene.begin)
