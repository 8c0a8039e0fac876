package ssmapi

func (p *parameters) delete(r *getRequest) (any, error) {
	if _, exists := p.byID[r.Name]; !exists {
		return nil, refuse("ParameterNotFound", "")
	}
	delete(p.byID, r.Name)
	return struct{}{}, nil
}

func (p *parameters) deleteAll(r *namesRequest) (any, error) {
	if err := r.check(); err != nil {
		return nil, err
	}
	deleted, missing := []string{}, []string{}
	for _, name := range r.Names {
		if _, exists := p.byID[name]; !exists {
			missing = append(missing, name)
			continue
		}
		delete(p.byID, name)
		deleted = append(deleted, name)
	}
	return map[string]any{"DeletedParameters": deleted, "InvalidParameters": missing}, nil
}
