// Package rotate plans a rotation and carries it out, image by image: launch,
// connect, patch, stop, bake, prove, then the list.
//
// It has no state of its own. Each step looks at EC2, decides what comes next,
// does it and looks again, so a run that starts and a run that goes on with a
// dead one's work are the same code.
//
// It knows no SDK, no SSH and no terminal: what it needs of the world it
// declares here as small interfaces, and what happens it reports as events.
package rotate
