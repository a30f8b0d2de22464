// Every transition of the task chart, driven three ways.
import { taskChart } from './chart.ts'
import { drive } from './drive.ts'
import { TaskScene } from './task-scene.ts'
import { taskStory } from './task-story.ts'

drive(taskChart, taskStory, TaskScene.begin)
