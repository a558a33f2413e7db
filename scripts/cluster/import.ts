// Puts archives of images into the containerd of the node that this is run within.
import { importImage } from './images.ts'

for (const archive of process.argv.slice(2)) await importImage(archive)
