package rotate

import "slices"

// Join makes one plan of those for the images of one list in several regions.
// The first one's region is the configuration's own, whose plan tells of static
// workers; a problem that several have is told once. The plans are used up.
func Join(plans ...*Plan) (*Plan, error) {
	all := plans[0]
	made := map[string]*ImagePlan{}
	for i, p := range plans {
		for _, img := range p.Images {
			made[img.Source] = img
		}
		if i == 0 {
			continue
		}
		for _, problem := range p.Problems {
			if !slices.Contains(all.Problems, problem) {
				all.Problems = append(all.Problems, problem)
			}
		}
	}
	all.Images = []*ImagePlan{}
	for _, id := range all.list.Images() {
		if img := made[id]; img != nil {
			all.Images = append(all.Images, img)
		}
	}
	return all, all.fillEdits()
}
