{'name': 'Sale', 'version': '17.0.1.1.0'}
