{'name': 'Sale extras', 'version': open('VERSION').read()}
