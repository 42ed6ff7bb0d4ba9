# guests
