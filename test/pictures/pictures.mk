# Pictures of the screen, to be looked at. PICTURE=name makes one of them.
pictures: $(run-needs) $(guest-files)
	@test/pictures/pictures.py $(PICTURE)

.PHONY: pictures
