{'name': 'Sale extras', 'version': '17.0.1.1.0', 'depends': ['sale']}
